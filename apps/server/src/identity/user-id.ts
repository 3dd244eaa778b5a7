/** Ids of users, which come from clients and tokens: no control characters (Postgres refuses NUL), no lone surrogates, no novels. */
const USER_ID = /^[^\p{Cc}\p{Cs}]{1,255}$/u

export function isUserId(id: unknown): id is string {
  return typeof id === 'string' && USER_ID.test(id)
}
