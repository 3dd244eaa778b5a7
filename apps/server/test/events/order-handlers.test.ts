/** Handlers that call somebody: signed webhooks, seen by a receiver of its own, and the demo's fraud check. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { orderPlaced } from '../../src/commerce/commerce-events.ts'
import { orderConfirmationHandler } from '../../src/commerce/order-confirmation.ts'
import { fraudCheckHandler, fraudVerdict } from '../../src/demo/fraud-check.ts'
import { draftEvent, type EventDraft } from '../../src/events/envelope.ts'
import { signWebhook, webhookKey } from '../../src/events/webhook.ts'
import { passwordResetRequested } from '../../src/identity/identity-events.ts'
import { resetTokens } from '../../src/identity/opaque-token.ts'
import { logMailer, webhookMailer } from '../../src/identity/password-mailer.ts'
import { passwordResetHandler } from '../../src/identity/password-reset-handler.ts'
import { findReset, insertResetRequest } from '../../src/identity/password-reset-queries.ts'
import { createLogger } from '../../src/log.ts'
import { type EventSystem, openEventSystem } from '../support/event-system.ts'

const SECRET = 'a webhook secret for this test, 32 bytes'

interface Received {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

let receiver: Server
let system: EventSystem
const received: Received[] = []
/** What it answers, in turn; then 204. */
const answers: number[] = []

before(async () => {
  receiver = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    received.push({ path: request.url!, headers: request.headers, body })
    response.writeHead(answers.shift() ?? 204, { location: '/elsewhere' }).end()
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  const { port } = receiver.address() as AddressInfo
  system = await openEventSystem({
    handlers: [
      orderConfirmationHandler({ url: `http://127.0.0.1:${port}/{tenant}/orders`, secret: SECRET }),
      fraudCheckHandler(),
    ],
  })
})
after(async () => {
  await system.close()
  receiver.close()
  receiver.closeAllConnections()
})

async function place(orderId: string, tenantId = 'acme'): Promise<EventDraft> {
  const placedAt = new Date().toISOString()
  const data = { orderId, customerId: 'ada', currency: 'EUR', totalMinor: 1_299, items: [], placedAt }
  const event = draftEvent(orderPlaced, { tenantId, userId: 'ada' }, orderId, data)
  await system.tenants.transact(tenantId, 'test', async ({ emit }) => emit(event))
  return event
}

/** An order that the fraud check lets pass quickly. */
const GOOD = 'order-3'

test("tells a tenant's receiver of an order, signed so that it can be verified by the public specification", async () => {
  assert.deepEqual(fraudVerdict(GOOD).fails, false)
  const event = await place(GOOD, 'globex')
  await system.events.settled()
  const [hook] = received.splice(0)
  assert.equal(hook?.path, '/globex/orders')
  assert.equal(hook.headers['webhook-id'], event.id)
  const timestamp = Number(hook.headers['webhook-timestamp'])
  assert.ok(Math.abs(Date.now() / 1_000 - timestamp) < 300)
  const sign = (tenant: string) => signWebhook(webhookKey(SECRET, tenant), event.id, timestamp, hook.body)
  assert.equal(hook.headers['webhook-signature'], sign('globex'))
  assert.notEqual(hook.headers['webhook-signature'], sign('acme'))
  const { subject, tenantid, data } = JSON.parse(hook.body)
  assert.deepEqual({ subject, tenantid, data }, { subject: GOOD, tenantid: 'globex', data: event.data })
})

test('signs as the example of the specification is signed', () => {
  // standard-webhooks.md, "Webhook signature": msg_p5jXN8AQM9LWM0D4loKWxJek with the key whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw.
  const key = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64')
  assert.equal(
    signWebhook(key, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330, '{"test": 2432232314}'),
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  )
})

test('tells it again after an error or a redirect, by the same id, and not once more after a success', async () => {
  answers.push(500, 302)
  const event = await place(GOOD)
  while (received.length < 3) await setTimeout(50)
  await system.events.settled()
  assert.deepEqual(
    received.map(({ headers }) => headers['webhook-id']),
    [event.id, event.id, event.id],
  )
  received.length = 0
  // Published again: the handler has handled it.
  await system.owner.updateTable('outbox').set({ published_at: null }).where('id', '=', event.id).execute()
  await system.events.settled()
  assert.equal(received.length, 0)
  assert.ok(system.outcomes('order-confirmation').includes('duplicate'))
})

test('sends a token for a new password by mail, another one with each attempt, of which the last holds', async () => {
  const { port } = receiver.address() as AddressInfo
  const mailer = webhookMailer({ url: `http://127.0.0.1:${port}/{tenant}/mail`, secret: SECRET })
  system.events.subscribe(passwordResetHandler(system.tenants, mailer))
  const [tenantId, id, email] = ['acme', randomUUID(), 'Eve@acme.example']
  await system.tenants.transact(tenantId, 'test', async ({ trx, emit }) => {
    const user = {
      tenant_id: tenantId,
      id: 'eve',
      name: 'Eve',
      email: email.toLowerCase(),
      role: 'viewer' as const,
    }
    await trx.insertInto('users').values(user).execute()
    await insertResetRequest(trx, tenantId, { id, email, expiresAt: new Date(Date.now() + 60_000) })
    emit(draftEvent(passwordResetRequested, { tenantId }, id, { requestId: id }))
  })
  answers.push(500)
  while (received.length < 2) await setTimeout(50)
  await system.events.settled()
  const mails = received.splice(0)
  assert.deepEqual([...new Set(mails.map(({ path }) => path))], ['/acme/mail'])
  assert.equal(new Set(mails.map(({ headers }) => headers['webhook-id'])).size, 2)
  const [first, last] = mails.map(({ body }) => JSON.parse(body).data)
  assert.deepEqual(
    { ...last, token: '', expiresAt: '' },
    {
      tenant: 'acme',
      to: 'eve@acme.example',
      name: 'Eve',
      token: '',
      expiresAt: '',
    },
  )
  const minutes = (Date.parse(last.expiresAt) - Date.now()) / 60_000
  assert.ok(minutes > 28 && minutes <= 30, String(minutes))
  const whose = ({ token }: { token: string }) =>
    system.tenants.read(tenantId, (db) => findReset(db, tenantId, resetTokens.parse(token)!))
  assert.deepEqual([await whose(first), await whose(last)], [undefined, 'eve'])
})

test('writes tokens for new passwords into the log where it is told to, and nowhere else', async () => {
  const lines: string[] = []
  const log = createLogger({
    level: 'trace',
    format: 'json',
    destination: { write: (line) => void lines.push(line) },
  })
  const mail = {
    id: 'x',
    tenantId: 'acme',
    to: 'eve@acme.example',
    name: 'Eve',
    token: 'pr_x',
    expiresAt: new Date(),
  }
  const { signal } = new AbortController()
  await logMailer(log, { showTokens: true }).sendReset(mail, signal)
  await logMailer(log, { showTokens: false }).sendReset(mail, signal)
  assert.deepEqual(
    lines.map((line) => [line.includes('pr_x'), line.includes('eve@acme.example')]),
    [
      [true, true],
      [false, false],
    ],
  )
})

test('has a fraud check that is slow for some orders and fails for some, always the same ones', () => {
  const ids = Array.from({ length: 2_000 }, (_, index) => `order-${index}`)
  const verdicts = ids.map(fraudVerdict)
  assert.deepEqual(ids.map(fraudVerdict), verdicts)
  const share = (of: (verdict: (typeof verdicts)[number]) => boolean) =>
    verdicts.filter(of).length / ids.length
  const slow = share(({ delayMs }) => delayMs >= 600)
  const failing = share(({ fails }) => fails)
  assert.ok(slow > 0.08 && slow < 0.16, String(slow))
  assert.ok(failing > 0.05 && failing < 0.11, String(failing))
  assert.ok(verdicts.every(({ delayMs }) => delayMs <= 2_000))
})

test('makes a dead letter of an order that the fraud check always fails for', async () => {
  const bad = Array.from({ length: 500 }, (_, index) => `order-${index}`).find(
    (id) => fraudVerdict(id).fails,
  )!
  await place(bad)
  while (!system.outcomes('fraud-check').includes('dead')) await setTimeout(50)
  const letters = await system.owner
    .selectFrom('deliveries')
    .select(['attempts', 'last_error'])
    .where('dead_at', 'is not', null)
    .execute()
  assert.deepEqual(letters, [
    { attempts: 4, last_error: 'the fraud check has no answer: upstream returned 503' },
  ])
})
