/** Which database the shared server of this process runs on: to be set before `shared-server.ts` is imported. */
export const sharedEngine: { name: 'pglite' | 'postgres' } = { name: 'pglite' }
