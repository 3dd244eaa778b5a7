/** The API once more, on a real PostgreSQL behind a login that owns nothing: the parts whose answers come from the database. */
import { sharedEngine } from './support/shared-engine.ts'

sharedEngine.name = 'postgres'
await import('./api/content.ts')
await import('./api/content-kinds.ts')
await import('./api/content-search.ts')
await import('./api/commerce.ts')
await import('./api/tenant-isolation.ts')
await import('./api/authentication.ts')
await import('./api/sign-in.ts')
await import('./api/users.ts')
await import('./api/passwords.ts')
await import('./api/read-model.ts')
