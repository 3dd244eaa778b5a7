/** The receivers, in a process of their own: one for each measured server, with counters of its own. */
import { offerCalls } from '../child/calls.ts'
import { DatadogReceiver } from './datadog-receiver.ts'
import { OtlpReceiver } from './otlp-receiver.ts'
import type { Protocol, Received, Receiver } from './received.ts'

export interface SinkCalls {
  /** Opens a receiver; its port. `keep` holds the requests for a decoder. */
  open(options: { readonly protocol: Protocol; readonly keep: boolean }): Promise<number>
  close(port: number): Promise<Received>
  /** CPU time of this process so far, in microseconds. */
  cpuMicros(): number
}

const receivers = new Map<number, Receiver>()

offerCalls<SinkCalls>({
  async open({ protocol, keep }) {
    const receiver = protocol === 'datadog' ? new DatadogReceiver(keep) : new OtlpReceiver(keep)
    const port = await receiver.listen()
    receivers.set(port, receiver)
    return port
  },
  async close(port) {
    const receiver = receivers.get(port)
    if (receiver === undefined) throw new Error(`no receiver on port ${port}`)
    receivers.delete(port)
    return receiver.close()
  },
  cpuMicros() {
    const { user, system } = process.cpuUsage()
    return user + system
  },
})
process.once('SIGTERM', () => process.exit())
