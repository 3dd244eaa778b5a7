/** Whose requests they are: tenants and their users, both skewed, as in any platform that sells to small and large customers. */

import { type Random, Zipf } from './random.ts'

export interface Caller {
  readonly tenant: string
  /** Empty for a visitor who is not signed in. */
  readonly user: string
  readonly address: string
  readonly userAgent: string
}

export const tenantCount = 300
const usersOfLargestTenant = 20_000

const browsers = ['Chrome/141.0.0.0', 'Chrome/142.0.0.0', 'Firefox/144.0', 'Safari/605.1.15', 'Edg/142.0.0.0']
const systems = [
  'Windows NT 10.0; Win64; x64',
  'Macintosh; Intel Mac OS X 10_15_7',
  'X11; Linux x86_64',
  'iPhone; CPU iPhone OS 18_6 like Mac OS X',
  'Linux; Android 16; Pixel 9',
]
const userAgents = [
  ...systems.flatMap((system) =>
    browsers.map((browser) => `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) ${browser}`),
  ),
  'storefront-sync/2.4.1 node/26',
  'okhttp/5.1.0',
  'curl/8.14.1',
]

export function tenantName(rank: number): string {
  return `${names[rank % names.length]}-${String(rank).padStart(3, '0')}`
}

const names = [
  'acme',
  'globex',
  'initech',
  'umbrella',
  'hooli',
  'stark',
  'wayne',
  'wonka',
  'tyrell',
  'cyberdyne',
]

export class Callers {
  readonly #tenants = new Zipf(tenantCount, 1.05)
  /** Which of a tenant's users: shares of its own number of users. */
  readonly #activity = new Zipf(1000, 0.8)

  draw(random: Random): Caller {
    const rank = this.#tenants.draw(random)
    const tenant = tenantName(rank)
    const users = Math.max(3, Math.round(usersOfLargestTenant / (rank + 1)))
    const number = Math.floor(((this.#activity.draw(random) + random.unit()) / 1000) * users)
    const mix = Math.imul(number + 1, 0x9e3779b1) ^ Math.imul(rank + 1, 0x85ebca6b)
    return {
      tenant,
      user: random.chance(0.15) ? '' : `u-${(mix >>> 0).toString(36)}`,
      address: `${80 + ((mix >>> 24) & 63)}.${(mix >>> 16) & 255}.${(mix >>> 8) & 255}.${mix & 255}`,
      userAgent: userAgents[((mix >>> 5) & 0xffff) % userAgents.length]!,
    }
  }
}
