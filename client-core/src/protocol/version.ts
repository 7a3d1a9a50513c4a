/** Version of the wire protocol in SPEC.md. A server refuses any other with `unsupported-version`. */
export const protocolVersion = 5
