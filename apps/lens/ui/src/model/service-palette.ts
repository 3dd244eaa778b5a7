/**
 * Colours of services. A name asks for the slot of its hash; names that meet in one slot share out the free ones in
 * the order of the alphabet. So a service looks the same on every page of a session and, unless it collides, for every
 * user. The colours themselves are tokens (`--service-0` …), chosen to differ for colour-blind eyes too.
 */
import { stableHash } from './hash.ts'

export const SERVICE_SLOTS = 10

export class ServicePalette {
  readonly #slots = new Map<string, number>()
  readonly #users = new Array<number>(SERVICE_SLOTS).fill(0)

  /** Gives each new name a slot. Names that are shown together belong in one call: the order within it does not matter. */
  add(names: Iterable<string>): void {
    const fresh = [...new Set(names)].filter((name) => !this.#slots.has(name)).sort(byCodeUnit)
    const homeless: string[] = []
    for (const name of fresh) {
      const home = stableHash(name) % SERVICE_SLOTS
      if (this.#users[home] === 0) this.#take(name, home)
      else homeless.push(name)
    }
    for (const name of homeless) this.#take(name, this.#leastUsedFrom(stableHash(name) % SERVICE_SLOTS))
  }

  slotOf(name: string): number {
    const known = this.#slots.get(name)
    if (known !== undefined) return known
    this.add([name])
    return this.#slots.get(name)!
  }

  colorOf(name: string): string {
    return `var(--service-${this.slotOf(name)})`
  }

  #take(name: string, slot: number): void {
    this.#slots.set(name, slot)
    this.#users[slot]!++
  }

  #leastUsedFrom(home: number): number {
    let best = home
    for (let step = 0; step < SERVICE_SLOTS; step++) {
      const slot = (home + step) % SERVICE_SLOTS
      if (this.#users[slot]! < this.#users[best]!) best = slot
    }
    return best
  }
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** One per page load: a service keeps its colour from the search to the trace. */
export const services = new ServicePalette()
