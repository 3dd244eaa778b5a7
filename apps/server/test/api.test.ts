/**
 * The API over HTTP: all of these share one server (PGlite's first start is what costs), and run in this order. A part runs alone with
 * `node --test --test-name-pattern`.
 */
import './api/content.ts'
import './api/content-kinds.ts'
import './api/content-search.ts'
import './api/commerce.ts'
import './api/tenant-isolation.ts'
import './api/authentication.ts'
import './api/sign-in.ts'
import './api/users.ts'
import './api/passwords.ts'
import './api/graphql-limits.ts'
import './api/http-surface.ts'
import './api/problems.ts'
import './api/read-model.ts'
// Those before it are what it holds the description against.
import './api/openapi.ts'
import './api/shutdown.ts'
