/** One start of one application in one mode, with a receiver of its own; and its orderly end, after which every span has had its chance. */
import { Child } from '../child/child.ts'
import type { Received } from '../sink/received.ts'
import type { SinkCalls } from '../sink/sink.ts'
import type { Mode } from './modes.ts'
import type { AppName, ServerCalls, Usage } from './server.ts'

const serverModule = new URL('./server.ts', import.meta.url)

export class MeasuredServer {
  readonly port: number
  readonly #child: Child<ServerCalls>
  readonly #sink: Child<SinkCalls>
  readonly #sinkPort: number

  private constructor(child: Child<ServerCalls>, port: number, sink: Child<SinkCalls>, sinkPort: number) {
    this.#child = child
    this.port = port
    this.#sink = sink
    this.#sinkPort = sinkPort
  }

  static async start(
    app: AppName,
    mode: Mode,
    sink: Child<SinkCalls>,
    options: { readonly keep: boolean; readonly profileTo: string | undefined },
  ): Promise<MeasuredServer> {
    const sinkPort = await sink.call('open', { protocol: mode.protocol, keep: options.keep })
    const child = await Child.start<ServerCalls>(serverModule, {
      args: [app],
      nodeArgs: [
        ...(mode.register === undefined ? [] : ['--import', mode.register]),
        ...(options.profileTo === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profileTo}`]),
      ],
      env: mode.environment(sinkPort),
    })
    return new MeasuredServer(child, await child.call('port'), sink, sinkPort)
  }

  usage(): Promise<Usage> {
    return this.#child.call('usage')
  }

  /** SIGTERM, as an orchestrator sends it; what the receiver has once the process is gone. */
  async stop(): Promise<Received> {
    await this.#child.terminate()
    return this.#sink.call('close', this.#sinkPort)
  }
}
