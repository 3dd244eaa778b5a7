/** Attributes that many spans share, encoded once; the list is kept for the span that has set one of them itself. */
import { type AttributeList, type PreparedPair, prepareAttributes, Writer } from '@rustok/otlp'

const writer = new Writer(1024)

export class PreparedSet {
  readonly list: AttributeList
  readonly bytes: PreparedPair

  constructor(list: AttributeList) {
    this.list = list
    this.bytes = prepareAttributes(writer, list)
  }
}
