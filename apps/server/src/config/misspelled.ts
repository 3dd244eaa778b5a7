/** Variables that are nearly the name of a setting, so that a slip of the pen does not silently leave a default in place. */
import { nearest } from '../domain/nearest.ts'
import { settings } from './settings.ts'

export interface Misspelling {
  readonly variable: string
  readonly meant: string
}

/** Of those that begin with RUSTOK_, which nobody else uses; settings of @rustok/telemetry are known to it alone. */
export function misspelled(env: NodeJS.ProcessEnv): readonly Misspelling[] {
  const known = Object.values(settings).map(({ variable }) => variable)
  return Object.keys(env).flatMap((variable) => {
    const [, name = '', file = ''] = /^(.*?)(_FILE)?$/.exec(variable) ?? []
    if (!name.startsWith('RUSTOK_') || known.some((candidate) => candidate === name)) return []
    const meant = nearest(name, known)
    return meant === undefined ? [] : [{ variable, meant: `${meant}${file}` }]
  })
}
