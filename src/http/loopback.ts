/** Addresses of this machine itself. */
/**
 * `localhost`, 127.0.0.0/8 and ::1. Expects a parsed host name, so unusual formats of an address are already
 * normalised.
 */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
}
