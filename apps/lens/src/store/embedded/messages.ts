/** What Lens and its engine's process tell each other besides statements. */

export interface EngineOptions {
  /** Absolute. The process makes it its working directory. */
  readonly directory: string
  readonly socket: string
}

export type EngineMessage =
  | { readonly type: 'listening' }
  | { readonly type: 'failed'; readonly message: string }
