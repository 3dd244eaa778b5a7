/** What Lens and its engine's process tell each other besides statements. */

export interface EngineOptions {
  /** Absolute. The process makes it its working directory. */
  readonly directory: string
  readonly socket: string
  /** Of server settings in ClickHouse's XML: tests let one engine think that it is a cluster. */
  readonly configFile?: string | undefined
}

export type EngineMessage =
  | { readonly type: 'listening' }
  | { readonly type: 'failed'; readonly message: string }
