/** How a service is traced, language by language, by what OpenTelemetry publishes for each. Called by the page of an empty store. */

export interface Language {
  readonly name: string
  readonly says: string
  /** Commands, then code where it takes code. */
  readonly steps: readonly string[]
  /** Tenant and user on the span that is running. */
  readonly tenant: string
}

export const LANGUAGES: readonly [Language, ...Language[]] = [
  {
    name: 'Node.js',
    says: 'No change of code: the libraries that it uses are instrumented as they load.',
    steps: [
      `npm install @opentelemetry/api @opentelemetry/auto-instrumentations-node
node --require @opentelemetry/auto-instrumentations-node/register app.js`,
    ],
    tenant: `import { trace } from '@opentelemetry/api'
trace.getActiveSpan()?.setAttributes({ tenant_id: 'acme', user_id: 'ada' })`,
  },
  {
    name: 'Python',
    says: 'No change of code: the libraries that it uses are instrumented as it starts.',
    steps: [
      `pip install opentelemetry-distro opentelemetry-exporter-otlp
opentelemetry-bootstrap -a install
opentelemetry-instrument python app.py`,
    ],
    tenant: `from opentelemetry import trace
trace.get_current_span().set_attributes({"tenant_id": "acme", "user_id": "ada"})`,
  },
  {
    name: 'Java',
    says: 'No change of code: an agent instruments the libraries that it uses.',
    steps: [
      `curl -LO https://github.com/open-telemetry/opentelemetry-java-instrumentation/releases/latest/download/opentelemetry-javaagent.jar
java -javaagent:opentelemetry-javaagent.jar -jar app.jar`,
    ],
    tenant: `import io.opentelemetry.api.trace.Span;
Span.current().setAttribute("tenant_id", "acme").setAttribute("user_id", "ada");`,
  },
  {
    name: 'Go',
    says: 'A few lines where it starts, and a wrapper around its HTTP handler.',
    steps: [
      `go get go.opentelemetry.io/otel/sdk \\
  go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp \\
  go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp`,
      `exporter, err := otlptracehttp.New(ctx)
if err != nil {
	log.Fatal(err)
}
provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter))
defer provider.Shutdown(ctx)
otel.SetTracerProvider(provider)
http.ListenAndServe(":8080", otelhttp.NewHandler(mux, "server"))`,
    ],
    tenant: `trace.SpanFromContext(ctx).SetAttributes(
	attribute.String("tenant_id", "acme"), attribute.String("user_id", "ada"))`,
  },
  {
    name: '.NET',
    says: 'A few lines where an ASP.NET Core application is built.',
    steps: [
      `dotnet add package OpenTelemetry.Extensions.Hosting
dotnet add package OpenTelemetry.Instrumentation.AspNetCore
dotnet add package OpenTelemetry.Exporter.OpenTelemetryProtocol`,
      `builder.Services.AddOpenTelemetry()
    .WithTracing(tracing => tracing.AddAspNetCoreInstrumentation().AddOtlpExporter());`,
    ],
    tenant: `System.Diagnostics.Activity.Current?.SetTag("tenant_id", "acme").SetTag("user_id", "ada");`,
  },
]
