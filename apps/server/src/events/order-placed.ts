/** The event that handlers outside of commerce react to. They rely on its subject, the order's id, and pass on its data as it is. */
import { defineEvent } from './envelope.ts'

export const orderPlaced = defineEvent<object>('commerce.order.placed', 'rustok-server/commerce')
