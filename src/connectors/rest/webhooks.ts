/** Deliveries of a REST system: verified and read as its manifest says. */
export { bindWebhooks } from '../kit/manifest/bind-webhooks.ts'
