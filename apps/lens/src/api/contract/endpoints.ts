/** Where Lens takes spans: GET /api/lens/endpoints, for whoever tells others how to send to it. */

export interface EndpointsResponse {
  /** Of OTLP over gRPC. */
  readonly otlpGrpcPort: number
  /** Of OTLP over HTTP (`/v1/traces`, `/v1/logs`), and of Zipkin's `/api/v2/spans`. */
  readonly otlpHttpPort: number
}
