export default function compileServer(): void
