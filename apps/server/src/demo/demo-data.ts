/** The demo tenants: who they are and what they have written. `seed-demo.ts` puts it into an empty database. */
import type { Role } from '../db/schema.ts'

export interface DemoTenant {
  readonly id: string
  readonly name: string
  readonly users: readonly { readonly id: string; readonly name: string; readonly role: Role }[]
  /** Oldest first; their authors take turns. */
  readonly titles: readonly string[]
}

export const DEMO_TENANTS: readonly DemoTenant[] = [
  {
    id: 'acme',
    name: 'Acme Corp',
    users: [
      { id: 'ada', name: 'Ada Park', role: 'admin' },
      { id: 'ben', name: 'Ben Ortiz', role: 'author' },
    ],
    titles: [
      'Welcome to the new intranet',
      'Travel policy 2027',
      'How we name our rockets',
      'Anvil safety, part one',
      'Anvil safety, part two',
      'Quarterly results in plain words',
      'Meet the tunnel painting team',
      'What the giant magnet taught us',
      'Returns without a receipt',
      'Roller skates: recall notice',
      'A day at the desert test site',
      'Open positions in customer support',
    ],
  },
  {
    id: 'globex',
    name: 'Globex',
    users: [
      { id: 'chloe', name: 'Chloe Nakamura', role: 'admin' },
      { id: 'dev', name: 'Dev Singh', role: 'author' },
    ],
    titles: [
      'Press release: the new reactor',
      'Visiting Cypress Creek',
      'Hammock district guide',
      'Weather machine: maintenance window',
      'Coffee, sugar and where to find them',
      'Office opening hours',
      'Code of conduct',
      'Parking at the volcano',
      'Monthly letter from the founder',
      'Glossary of project names',
    ],
  },
]

/** Beside the two, for those who want to see many: smaller, and alike but for their people. */
const MORE: readonly (readonly [id: string, name: string, admin: string, author: string])[] = [
  ['initech', 'Initech', 'Emil Sand', 'Freya Dahl'],
  ['vandelay', 'Vandelay Industries', 'Gita Rao', 'Hugo Klein'],
  ['wonka', 'Wonka Sweets', 'Iris Moreau', 'Juan Ibarra'],
  ['soylent', 'Soylent Foods', 'Kim Lund', 'Leo Conti'],
  ['tyrell', 'Tyrell Robotics', 'Mia Novak', 'Nils Berg'],
  ['hooli', 'Hooli', 'Olga Petrov', 'Paul Ames'],
]

export const MAX_DEMO_TENANTS = DEMO_TENANTS.length + MORE.length

/** The first `count` of all that there are. */
export function demoTenants(count: number): readonly DemoTenant[] {
  const more = MORE.map(
    ([id, name, admin, author]): DemoTenant => ({
      id,
      name,
      users: [
        { id: idOf(admin), name: admin, role: 'admin' },
        { id: idOf(author), name: author, role: 'author' },
      ],
      titles: ['Welcome', 'Where to find what', 'Safety first', 'Who does what', 'News of the month'],
    }),
  )
  return [...DEMO_TENANTS, ...more].slice(0, count)
}

/** The first name, as those of the two are. */
function idOf(name: string): string {
  return name.split(' ', 1)[0]!.toLowerCase()
}

/** Reserved for such things by RFC 2606. */
export function demoEmail(userId: string, tenantId: string): string {
  return `${userId}@${tenantId}.example`
}

/** Known to whoever reads this, as it must be: the demo is off in production unless somebody turns it on. */
export function demoPassword(userId: string): string {
  return `${userId} tries rustok`
}

/** Browsers and most resolvers take every name below `localhost` for this machine (RFC 6761 section 6.3). */
export function demoHost(tenantId: string): string {
  return `${tenantId}.localhost`
}
