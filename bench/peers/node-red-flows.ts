/**
 * Flows as people draw them in Node-RED: an `inject` node polls, `http request` nodes call, `function` nodes decide. The state is in the flow's
 * context, which the settings store in files.
 */

export interface FlowNode {
  readonly id: string
  readonly type: string
  readonly z?: string
  readonly wires?: readonly (readonly string[])[]
  readonly [setting: string]: unknown
}

/** Two one-way flows, each with a lookup by code, a conditional write, and up to four attempts per record. */
export function twoOneWayFlows(crmUrl: string, erpUrl: string): readonly FlowNode[] {
  return [...oneWayFlow('crm', crmUrl, erpUrl), ...oneWayFlow('erp', erpUrl, crmUrl)]
}

const pollSeconds = 1
const attemptsMax = 4
const fields = JSON.stringify(['code', 'name', 'email', 'phone', 'city'])

function oneWayFlow(name: string, fromUrl: string, toUrl: string): readonly FlowNode[] {
  const inFlow = (node: FlowNode): FlowNode => ({
    ...node,
    id: `${name}-${node.id}`,
    z: name,
    wires: (node.wires ?? []).map((output) => output.map((target) => `${name}-${target}`)),
  })
  const step = (id: string, func: string, wires: FlowNode['wires'] = []): FlowNode =>
    inFlow({ id, type: 'function', func, outputs: wires.length, noerr: 0, libs: [], wires })
  return [
    { id: name, type: 'tab', label: name },
    inFlow({
      id: 'every-second',
      type: 'inject',
      props: [],
      repeat: String(pollSeconds),
      once: true,
      onceDelay: 0.5,
      wires: [['since']],
    }),
    step(
      'since',
      `const place = flow.get('place') || { from: '1970-01-01T00:00:00.000Z', after: '' };
       msg.method = 'GET';
       msg.url = '${fromUrl}/changed?limit=200&from=' + encodeURIComponent(place.from) + '&after=' + encodeURIComponent(place.after);
       return msg;`,
      [['changed']],
    ),
    httpRequest('changed', ['each']),
    step(
      'each',
      `if (msg.statusCode !== 200) return null;
       const last = msg.payload.data[msg.payload.data.length - 1];
       if (last) flow.set('place', { from: last.updatedAt, after: last.id });
       return [msg.payload.data.filter((one) => one.modifiedBy !== 'engine').map((record) => ({ record, attempt: 1 }))];`,
      [['find']],
    ),
    step(
      'find',
      `msg.method = 'GET'; msg.headers = {}; delete msg.payload;
       msg.url = '${toUrl}?code=' + encodeURIComponent(msg.record.code);
       return msg;`,
      [['found']],
    ),
    httpRequest('found', ['write']),
    step(
      'write',
      `if (msg.statusCode !== 200) return [null, msg];
       const values = {};
       for (const field of ${fields}) values[field] = msg.record[field];
       const known = msg.payload.data[0];
       if (!known) { msg.method = 'POST'; msg.url = '${toUrl}'; msg.headers = {}; msg.payload = values; return [msg, null]; }
       if (${fields}.every((field) => String(known[field] || '').slice(0, 40) === String(values[field] || '').slice(0, 40))) return null;
       const { id, version, updatedAt, modifiedBy, ...rest } = known;
       msg.method = 'PUT'; msg.url = '${toUrl}/' + id; msg.headers = { 'if-match': '"' + version + '"' };
       msg.payload = { ...rest, ...values };
       return [msg, null];`,
      [['written'], ['retry']],
    ),
    httpRequest('written', ['check']),
    step('check', `return msg.statusCode >= 200 && msg.statusCode < 300 ? null : msg;`, [['retry']]),
    step(
      'retry',
      `if (msg.attempt >= ${attemptsMax}) return null;
       msg.attempt += 1;
       return msg;`,
      [['pause']],
    ),
    inFlow({
      id: 'pause',
      type: 'delay',
      pauseType: 'delay',
      timeout: '1',
      timeoutUnits: 'seconds',
      wires: [['find']],
    }),
  ]

  function httpRequest(id: string, next: readonly string[]): FlowNode {
    return inFlow({ id, type: 'http request', method: 'use', ret: 'obj', senderr: false, wires: [next] })
  }
}
