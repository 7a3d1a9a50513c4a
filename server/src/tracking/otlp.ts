import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { RoundTraces } from './round-traces.ts'

export interface Tracing {
  readonly traces: RoundTraces
  /** Sends what is left, for at most so long as an export may take. Never rejects: a collector that is away is no reason to fail. */
  close(): Promise<void>
}

/** An event for each update: as many as the largest cohorts have. The library's own limit is 128. */
const eventCountLimit = 4096
const exportTimeoutMs = 5_000

/**
 * Sends traces to an OpenTelemetry collector over OTLP/HTTP. Import this file only where that is asked for: the library
 * takes memory and time to load.
 * @param endpoint the collector's base URL; `/v1/traces` is added, as the OpenTelemetry specification has it
 */
export function startTracing(endpoint: string, codeVersion: string): Tracing {
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/$/, '')}/v1/traces`,
    timeoutMillis: exportTimeoutMs,
  })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'panal', 'service.version': codeVersion }),
    spanLimits: { eventCountLimit },
    spanProcessors: [new BatchSpanProcessor({ exporter, exportTimeoutMillis: exportTimeoutMs })],
  })
  return {
    traces: new RoundTraces(provider.getTracer('panal')),
    close: () => provider.shutdown().catch(() => undefined),
  }
}
