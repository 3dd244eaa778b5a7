/**
 * The `tracestate` header (Trace Context level 2, section 3.3) as the API's TraceState. The API's own parser follows level 1 and leaves out single
 * members; the specification has a list that does not parse discarded as a whole.
 */
import type { TraceState } from '@opentelemetry/api'

const maxMembers = 32
/** Every span of a trace carries it: what a caller sends must not multiply. Vendors are asked for no more. */
const maxLength = 512
/** When a list is too long, members beyond this go first (section 3.3.1.5). */
const longMember = 128

const keyPattern = /^[a-z0-9][a-z0-9_\-*/@]{0,255}$/
const valuePattern = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/

type Member = readonly [key: string, value: string]

class MemberList implements TraceState {
  readonly #members: readonly Member[]
  readonly #text: string

  constructor(members: readonly Member[]) {
    this.#members = members
    this.#text = members.map(([key, value]) => `${key}=${value}`).join(',')
  }

  /** The member that is set goes to the front (section 3.5). */
  set(key: string, value: string): TraceState {
    if (!isMember(key, value)) return this
    const members: Member[] = [[key, value], ...this.#members.filter(([other]) => other !== key)]
    return members.length > maxMembers ? this : new MemberList(shortened(members))
  }

  unset(key: string): TraceState {
    return new MemberList(this.#members.filter(([other]) => other !== key))
  }

  get(key: string): string | undefined {
    return this.#members.find(([other]) => other === key)?.[1]
  }

  serialize(): string {
    return this.#text
  }
}

/** Undefined for an empty header and for one that does not parse. Of members with the same key the first one stays. */
export function parseTracestate(header: string): TraceState | undefined {
  const members: Member[] = []
  for (const part of header.split(',')) {
    const member = part.replace(/^[ \t]+|[ \t]+$/g, '')
    if (member === '') continue
    const equals = member.indexOf('=')
    const key = member.slice(0, Math.max(0, equals))
    const value = member.slice(equals + 1)
    if (!isMember(key, value)) return undefined
    if (members.some(([other]) => other === key)) continue
    if (members.length === maxMembers) return undefined
    members.push([key, value])
  }
  return members.length === 0 ? undefined : new MemberList(shortened(members))
}

function isMember(key: string, value: string): boolean {
  return keyPattern.test(key) && valuePattern.test(value)
}

function shortened(members: readonly Member[]): readonly Member[] {
  let length = members.reduce((sum, member) => sum + sizeOf(member), -1)
  if (length <= maxLength) return members
  const kept = [...members]
  const removeLast = (removable: (member: Member) => boolean): void => {
    for (let i = kept.length - 1; i >= 0 && length > maxLength; i--) {
      if (!removable(kept[i]!)) continue
      length -= sizeOf(kept[i]!)
      kept.splice(i, 1)
    }
  }
  removeLast((member) => sizeOf(member) - 1 > longMember)
  removeLast(() => true)
  return kept
}

/** With the comma. */
function sizeOf([key, value]: Member): number {
  return key.length + value.length + 2
}
