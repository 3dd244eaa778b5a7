/** How deep an attribute's value may nest; the value itself is level 1. Protobuf's own decoders stop at 100 messages, too. */
export const maxValueDepth = 100
