/**
 * The ids of trace and span, tenant and user in every line of pino, from its `pino_asJson` channel. While a line is made, they stand behind the
 * logger's own bindings, which are text already: no object of the application is touched. A line that has ids of its own keeps them.
 */
import { logFields } from '../correlate.ts'
import { subscribeAll } from './subscribe.ts'

/** Pino keeps the bindings of a logger, as the text `,"pid":1,"name":"x"`, under a symbol of its own. */
type Logger = Record<symbol, unknown>

interface LineMessage {
  readonly instance: Logger
  readonly arguments: ArrayLike<unknown>
  [ownBindings]?: string
}

const ownBindings = Symbol('rustok.bindings')
let bindings: symbol | undefined

export function instrumentPino(): () => void {
  return subscribeAll({
    'tracing:pino_asJson:start': (message: LineMessage) => {
      const { instance } = message
      const symbol = bindingsOf(instance)
      if (symbol === undefined) return
      const own = instance[symbol] as string
      const given = message.arguments[0]
      if (own.includes('"trace_id":') || (typeof given === 'object' && given !== null && 'trace_id' in given))
        return
      const text = JSON.stringify(logFields())
      if (text === '{}') return
      message[ownBindings] = own
      instance[symbol] = `${own},${text.slice(1, -1)}`
    },
    'tracing:pino_asJson:end': (message: LineMessage) => {
      const own = message[ownBindings]
      if (own !== undefined && bindings !== undefined) message.instance[bindings] = own
    },
  })
}

/** Each copy of pino has its own symbol. */
function bindingsOf(instance: Logger): symbol | undefined {
  if (bindings === undefined || typeof instance[bindings] !== 'string') {
    bindings = Object.getOwnPropertySymbols(instance).find(
      ({ description }) => description === 'pino.chindings',
    )
  }
  return bindings !== undefined && typeof instance[bindings] === 'string' ? bindings : undefined
}
