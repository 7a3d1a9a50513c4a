/** The text of the generated module. */
export function compileKernels(): Promise<string>
