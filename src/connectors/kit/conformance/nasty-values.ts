/** Texts that break careless clients, servers and intermediaries. Each is legal JSON and legal Unicode. */

/** A text and the difficulty it tests. */
export interface AdversarialText {
  /** Description of the difficulty. */
  readonly name: string
  /** The text itself. */
  readonly text: string
}

/** The texts that the suite writes and reads back. All are in NFC unless the name says otherwise. */
export const nastyTexts: readonly AdversarialText[] = [
  { name: 'blanks at both ends', text: '  two  blanks  ' },
  { name: 'line ends of two kinds', text: 'one\ntwo\r\nthree' },
  { name: 'a tab', text: 'a\tb' },
  { name: 'both quotes', text: `O'Brien "the" \`third\`` },
  { name: 'backslashes', text: 'C:\\new\\table\\u0041' },
  { name: 'markup', text: '<b>A &amp; B</b> & <script>x</script>' },
  { name: 'a query of its own', text: "'; drop table x; --" },
  { name: 'a filter of its own', text: "a' or 1 eq 1 or name eq 'b" },
  { name: 'an address of its own', text: 'a/b?c=d&e=f#g%20h+i' },
  { name: 'a formula', text: '=1+1' },
  { name: 'placeholders', text: '{id} $' + '{name} %s {{x}} :p $1' },
  { name: 'leading zeros', text: '007' },
  { name: 'a number with an exponent', text: '1e5' },
  { name: 'more digits than a double holds', text: '9007199254740993.10' },
  { name: 'the word null', text: 'null' },
  { name: 'the word false', text: 'false' },
  { name: 'a date', text: '2026-02-30' },
  { name: 'umlauts', text: 'Größe Übermaß Straße' },
  { name: 'letters that change their length', text: 'İstanbul ﬁne ẞ ΟΔΥΣΣΕΥΣ' },
  { name: 'combining signs (not NFC)', text: 'Ame\u0301lie' },
  { name: 'right to left', text: 'שלום عليكم' },
  { name: 'three-byte letters', text: '日本語テキスト' },
  { name: 'outside the basic plane', text: '𝒳 👩‍👩‍👧 🏳️‍🌈' },
  { name: 'a no-break and a zero-width space', text: 'a\u00a0b\u200bc' },
  { name: 'a line separator', text: 'a\u2028b' },
  { name: 'a separator, a comma and a quote', text: 'a;b,"c"\t|d' },
  { name: 'a name of the prototype', text: '__proto__' },
]
