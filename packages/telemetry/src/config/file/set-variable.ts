import type { FileNode } from './file-node.ts'

/** Notes a variable, with the node that it comes from. */
export type SetVariable = (name: string, value: string | number | boolean | undefined, from: FileNode) => void
