/** How the exporter presents itself (specification: OTLP Exporter, "User Agent"). */
export const userAgent = `RusToK-OTLP-Exporter-Node/0.1.0 node/${process.versions.node}`
