/** Colours for the terminal, and none where they would be noise: in a file, in a pipe, or with NO_COLOR. */
import { styleText } from 'node:util'

type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'cyan'

export type Paint = (style: Style, text: string) => string

/** `styleText` asks the stream and NO_COLOR, FORCE_COLOR and their kin. */
export const paintFor =
  (stream: NodeJS.WriteStream): Paint =>
  (style, text) =>
    styleText(style, text, { stream, validateStream: true })

export const plain: Paint = (_style, text) => text
