/** What the services of commerce tell the metrics: each operation, how it ended, and how long it took. */
export type CommerceOperation =
  | 'products'
  | 'countProducts'
  | 'productsById'
  | 'variantsById'
  | 'variantsOf'
  | 'createProduct'
  | 'updateProduct'
  | 'addVariant'
  | 'updateVariant'
  | 'adjustStock'
  | 'cart'
  | 'cartItemsOf'
  | 'addToCart'
  | 'setCartQuantity'
  | 'removeFromCart'
  | 'placeOrder'
  | 'cancelOrder'
  | 'markOrderPaid'
  | 'order'
  | 'orders'
  | 'countOrders'
  | 'orderItemsOf'
  | 'authorisePayment'
  | 'releasePayment'

export interface CommerceObserver {
  commerceOperation(operation: CommerceOperation, outcome: string, seconds: number): void
}
