/**
 * Who comes, and what for, drawn at random with the skew of real tenants: one is far busier than the next, most read, a few write and buy, some
 * make mistakes. Journeys are dealt from a shuffled deck, so that a short run has the same mixture as a long one.
 */
import type { Journey } from './journeys.ts'
import * as journeys from './journeys.ts'
import type { Person, Town } from './people.ts'

/** Of a hundred visits. Rare ones are there once or twice: what is to be found should be found. */
const CARDS: readonly (readonly [Journey, times: number])[] = [
  [journeys.read, 24],
  [journeys.look, 10],
  [journeys.search, 10],
  [journeys.write, 14],
  [journeys.buy, 22],
  [journeys.keepShop, 4],
  [journeys.report, 2],
  [journeys.renew, 2],
  [journeys.saveTwice, 1],
  [journeys.wantTooMuch, 2],
  [journeys.orderTwice, 1],
  [journeys.slip, 2],
  [journeys.emptyTitle, 1],
  [journeys.overreach, 1],
  [journeys.wrongTenant, 1],
  [journeys.endedSession, 1],
  [journeys.forgedToken, 1],
  [journeys.wrongPath, 1],
]

export interface Dealt {
  readonly journey: Journey
  readonly town: Town
  readonly elsewhere: Town
  readonly person: Person
}

export class Deck {
  readonly #towns: readonly Town[]
  readonly #random: () => number
  #left: Journey[] = []

  /** Each town must have people; `random` as Math.random. */
  constructor(towns: readonly Town[], random: () => number = Math.random) {
    this.#towns = towns
    this.#random = random
  }

  next(): Dealt {
    const journey = this.#draw()
    const fitting = this.#towns.filter(({ people }) =>
      people.some(({ role }) => journey.roles.includes(role)),
    )
    const town = skewed(fitting, 2, this.#random)
    const others = this.#towns.filter((other) => other !== town)
    const elsewhere = others.length === 0 ? town : others[Math.floor(this.#random() * others.length)]!
    const person = skewed(
      town.people.filter(({ role }) => journey.roles.includes(role)),
      1.4,
      this.#random,
    )
    return { journey, town, elsewhere, person }
  }

  #draw(): Journey {
    if (this.#left.length === 0)
      this.#left = CARDS.flatMap(([journey, times]) => Array<Journey>(times).fill(journey))
    const [drawn] = this.#left.splice(Math.floor(this.#random() * this.#left.length), 1)
    return drawn!
  }
}

/** Each is `factor` times as likely as the next. */
function skewed<T>(list: readonly T[], factor: number, random: () => number): T {
  const weights = list.map((_, index) => factor ** -index)
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0)
  const index = weights.findIndex((weight) => {
    left -= weight
    return left < 0
  })
  return list.at(index)!
}
