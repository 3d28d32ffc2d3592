/** Deliveries of a GraphQL system: verified and read as its manifest says. */
export { bindWebhooks } from '../kit/manifest/bind-webhooks.ts'
