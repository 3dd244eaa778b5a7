/** Before the first request: may this login work as the two roles, and is it one that policies bind? Called at start. */
import { CompiledQuery } from 'kysely'
import { errorCode, StartupError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Engine } from './engine.ts'
import { APPLICATION_ROLE, SYSTEM_ROLE } from './row-level-security.ts'

/** "permission denied to set role", and "role does not exist". */
const CANNOT_ENTER = new Set(['42501', '22023'])

/** About the login, whatever role it works as. */
const LOGIN = `
  select session_user as name, rolsuper or rolbypassrls as exempt,
    exists (select from pg_class where relowner = pg_roles.oid and relnamespace = 'public'::regnamespace) as owns
  from pg_roles where rolname = session_user`

interface Login {
  readonly name: string
  readonly exempt: boolean
  readonly owns: boolean
}

/** Throws a StartupError when no request could be answered; what is only less safe than it could be goes to the log. */
export async function checkRoles(engine: Engine, log: Logger): Promise<void> {
  // PGlite's only user is a superuser, and nobody else can reach it.
  if (engine.name === 'pglite') return
  try {
    await engine.once({ tenantId: '0' }, CompiledQuery.raw('select 1'))
    const { rows } = await engine.once('system', CompiledQuery.raw(LOGIN))
    const login = rows[0] as Login | undefined
    if (login?.exempt || login?.owns) {
      log.warn(
        { login: login.name },
        'the login of DATABASE_URL could switch row-level security off: give it one that owns nothing, and the owner to DATABASE_OWNER_URL',
      )
    }
  } catch (error) {
    if (!CANNOT_ENTER.has(errorCode(error) ?? '')) throw error
    throw new StartupError(
      'DATABASE_URL',
      `its login may not work as ${APPLICATION_ROLE} and ${SYSTEM_ROLE}: grant both roles to it`,
      { cause: error },
    )
  }
}
