"""A service in Python, by OpenTelemetry's own SDK and OTLP exporter, sending to Lens.

The SDK reads OTEL_SERVICE_NAME and OTEL_EXPORTER_OTLP_ENDPOINT by itself.
"""

import os

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("reports")

tenant = {"tenant_id": os.environ.get("TENANT", "acme")}
with tracer.start_as_current_span("make report", attributes=tenant):
    with tracer.start_as_current_span("read figures", attributes=tenant) as span:
        span.set_attribute("report.rows", 12)

provider.shutdown()
print("the report is made")
