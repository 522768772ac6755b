import { z } from 'zod'

/**
 * What the gateway serves for one service. `key` is `projectId/serviceId`. Written by the control plane, kept on
 * disk by the gateway, which goes on serving it when the control plane is gone.
 */
export const gatewayBackend = z.strictObject({
  id: z.string().min(1),
  host: z.string().min(1),
  port: z.int().min(1).max(65535),
  /** `draining`: no new requests; what is under way may finish within the service's drain budget. */
  state: z.enum(['active', 'draining']),
})

export const gatewayRoute = z.strictObject({
  /** Lower-case host names without port; `*` matches any. */
  hosts: z.array(z.string().min(1)).min(1),
  /** `/` or a prefix without trailing slash; matched on path segment boundaries, longest first. */
  pathPrefix: z.string().regex(/^\//),
  /** Backends of this route: for services with several ports each port has its own set. */
  backends: z.array(gatewayBackend),
  /** How the instances are spoken to; `HTTP/2` without TLS, as gRPC servers want it. Absent: HTTP. */
  protocol: z.enum(['HTTP', 'HTTP/2']).optional(),
})

/** A public TCP port. */
export const gatewayTcpRoute = z.strictObject({
  /** The port's name within the service. */
  name: z.string().regex(/^[a-z0-9-]+$/),
  /** Absent: the gateway takes a free one of its range, keeps it, and tells it in its report. */
  listenPort: z.int().min(1).max(65535).optional(),
  backends: z.array(gatewayBackend),
})

/** What one service may take of the gateway. */
export const gatewayLimits = z.strictObject({
  maxConnections: z.int().min(1).optional().describe('requests and sockets under way at once'),
  requestsPerSecondPerIp: z.int().min(1).optional(),
  bodyLimit: z.int().min(1).optional().describe('bytes; of requests that say their length'),
})

export const serviceRoutes = z.strictObject({
  key: z.string().regex(/^[a-z0-9-]+\/[a-z0-9-]+$/),
  /** Grows with each change; an older generation than the one held is refused. */
  generation: z.int().min(0),
  routes: z.array(gatewayRoute),
  drainBudgetMs: z.int().min(0).default(30_000),
  requestTimeoutMs: z.int().min(0).default(0).describe('0: none'),
  tcp: z.array(gatewayTcpRoute).optional(),
  limits: gatewayLimits.optional(),
})

export type GatewayBackend = z.infer<typeof gatewayBackend>
export type GatewayRoute = z.infer<typeof gatewayRoute>
export type GatewayTcpRoute = z.infer<typeof gatewayTcpRoute>
export type GatewayLimits = z.infer<typeof gatewayLimits>
export type ServiceRoutes = z.infer<typeof serviceRoutes>

/** How a running gateway starts the newer one that takes over from it: what node runs, and its flags. */
export const successorCommand = z.strictObject({
  execArgv: z.array(z.string()),
  entry: z.string().min(1),
  args: z.array(z.string()),
})

export type SuccessorCommand = z.infer<typeof successorCommand>
