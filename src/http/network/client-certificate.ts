/** The client's side of mutual TLS. */
/** What the client proves itself with in the TLS handshake (mutual TLS). PEM texts. */
export interface ClientCertificate {
  /** The certificate, followed by those between it and its authority. */
  readonly certificate: string
  /** Private key of the certificate, in PEM. */
  readonly key: string
  /** Of an encrypted key. */
  readonly passphrase?: string | undefined
}
