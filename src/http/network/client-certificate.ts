/** The client's side of mutual TLS. */
/** The client's certificate in the TLS handshake (mutual TLS). PEM texts. */
export interface ClientCertificate {
  /** The certificate, followed by the intermediate certificates. */
  readonly certificate: string
  /** Private key of the certificate, in PEM. */
  readonly key: string
  /** Passphrase of an encrypted key. */
  readonly passphrase?: string | undefined
}
