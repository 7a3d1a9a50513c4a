import { TestEnvironment } from 'jest-environment-node'

/**
 * Tests of native modules: those make typed arrays of Node's own, which are of another class than those of the context that
 * jest runs a test in. Chosen by `@jest-environment` at the top of a test file.
 */
export default class NativeEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context)
    Object.assign(this.global, { ArrayBuffer, Float32Array, BigInt64Array, Uint8Array, Int32Array })
  }
}
