/** A payment provider as a shop's server meets one: it notes what it is asked, and answers as the test says. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface AskedPayment {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: {
    readonly merchant: string
    readonly order: string
    readonly customer?: string
    readonly amountMinor?: number
    readonly currency?: string
  }
}

/** To one request; what it resolves with is sent as JSON, unless it has answered by itself. */
export type PaymentAnswer = (asked: AskedPayment, response: ServerResponse) => unknown

export interface PaymentProvider {
  readonly url: string
  readonly asked: AskedPayment[]
  /** In turn; after the last one it authorises all, by the order's id. */
  readonly answers: PaymentAnswer[]
  close(): void
}

const authorise: PaymentAnswer = ({ body }) => ({ status: 'authorised', reference: `pay-${body.order}` })

export async function startPaymentProvider(): Promise<PaymentProvider> {
  const asked: AskedPayment[] = []
  const answers: PaymentAnswer[] = []
  const server = createServer(async (request, response) => {
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString())
    const one = { path: request.url!, headers: request.headers, body }
    asked.push(one)
    if (one.path.endsWith('/releases')) {
      response.writeHead(204).end()
      return
    }
    const answer = await (answers.shift() ?? authorise)(one, response)
    if (response.writableEnded || response.destroyed) return
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    answers,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
