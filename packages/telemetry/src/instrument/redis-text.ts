/**
 * A Redis command as `db.query.text`. The libraries replace the values of the commands that they know to write; what they leave still holds
 * passwords (`ACL SETUSER`, `CONFIG SET`) and scripts, so of most commands only the first argument, a key or a subcommand, stays.
 */

/** All arguments are keys. */
const ofKeys = new Set(
  'DEL EXISTS MGET PFCOUNT PFMERGE RENAME RENAMENX SDIFF SINTER SUNION TOUCH UNLINK WATCH'.split(' '),
)
/** The first argument is a value. */
const ofValues = new Set('AUTH ECHO EVAL EVAL_RO HELLO PING'.split(' '))

const maxLength = 512

export function redisText(command: string, args: readonly string[]): string {
  const shown = ofKeys.has(command) ? args.length : ofValues.has(command) ? 0 : 1
  let text = command
  for (let i = 0; i < args.length && text.length <= maxLength; i++) text += i < shown ? ` ${args[i]}` : ' ?'
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text
}
