/** The largest request that a receiver takes, as sent and again as inflated. A batch of 512 spans is some 300 kB. */
export const largestRequest = 64 * 1024 * 1024
