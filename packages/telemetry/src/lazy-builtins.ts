/**
 * Node's own modules that take milliseconds and megabytes to load, when somebody uses them: an application should not wait for HTTP/2 and TLS
 * before it starts, nor at all when it exports nothing. An import would load them with this package.
 */
export const lazy = {
  get http(): typeof import('node:http') {
    return process.getBuiltinModule('node:http')
  },
  get https(): typeof import('node:https') {
    return process.getBuiltinModule('node:https')
  },
  get http2(): typeof import('node:http2') {
    return process.getBuiltinModule('node:http2')
  },
  get tls(): typeof import('node:tls') {
    return process.getBuiltinModule('node:tls')
  },
  get zlib(): typeof import('node:zlib') {
    return process.getBuiltinModule('node:zlib')
  },
}
