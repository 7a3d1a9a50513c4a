import * as tf from '@tensorflow/tfjs-core'
import { backendNames, type BackendName, type BackendTrial } from './worker-messages.ts'

/** A GPU driver may hang where there is no GPU: then the next backend is tried. */
const probeTimeoutMs = 10_000

/** Each backend is a file of its own, fetched only when it is tried. */
const loaders: Record<BackendName, () => Promise<unknown>> = {
  webgpu: () => import('./backends/webgpu.ts'),
  webgl: () => import('./backends/webgl.ts'),
  wasm: () => import('./backends/wasm.ts'),
  cpu: () => import('./backends/cpu.ts'),
}

/**
 * Makes tfjs use the first backend, fastest first, that does one right training step of the task's kind of layers;
 * `asked` limits the choice to one. A GPU that is emulated in software is slower than WASM, and is only used if asked.
 * @throws Error naming each backend and why it did not do, when none did
 */
export async function chooseBackend(
  asked: BackendName | 'auto',
  topology: unknown,
): Promise<{ chosen: BackendName; trials: BackendTrial[] }> {
  const trials: BackendTrial[] = []
  for (const backend of asked === 'auto' ? backendNames : [asked]) {
    const trial = await tryBackend(backend, asked === 'auto', /"Conv2D"/.test(JSON.stringify(topology)))
    trials.push(trial)
    if (trial.ok) return { chosen: backend, trials }
  }
  throw new Error(trials.map(({ backend, detail }) => `${backend}: ${detail ?? 'failed'}`).join('; '))
}

async function tryBackend(backend: BackendName, refuseSoftware: boolean, convolves: boolean): Promise<BackendTrial> {
  try {
    if (refuseSoftware) await refuseSoftwareGpu(backend)
    await loaders[backend]()
    const stepMs = await withTimeout(
      (async () => {
        if (!(await tf.setBackend(backend))) throw new Error('this browser does not offer it')
        await tf.ready()
        await trainingStep(convolves) // the first step compiles shaders
        const started = performance.now()
        await trainingStep(convolves)
        return performance.now() - started
      })(),
    )
    return { backend, ok: true, stepMs }
  } catch (error) {
    return { backend, ok: false, detail: error instanceof Error ? error.message : String(error) }
  }
}

/** One gradient of a tiny model whose answer is known: d/dw Σ(x·w) = Σx over the batch, here 8 × 1. */
async function trainingStep(convolves: boolean): Promise<void> {
  const gradient = tf.tidy(() => {
    const w = tf.ones<tf.Rank.R2>([16, 4])
    const loss = (weights: tf.Tensor) =>
      tf.sum<tf.Scalar>(tf.relu(tf.matMul(tf.ones<tf.Rank.R2>([8, 16]), weights as tf.Tensor2D)))
    return tf.grad(loss)(w)
  })
  await expectAll(gradient, 8)
  if (!convolves) return
  const filterGradient = tf.tidy(() => {
    const images = tf.ones<tf.Rank.R4>([2, 4, 4, 1])
    const loss = (filter: tf.Tensor) =>
      tf.sum<tf.Scalar>(tf.maxPool(tf.conv2d(images, filter as tf.Tensor4D, 1, 'valid'), 2, 2, 'valid'))
    return tf.grad(loss)(tf.ones<tf.Rank.R4>([3, 3, 1, 2]))
  })
  await expectAll(filterGradient, 2) // one maximum per image, each pixel 1
}

async function expectAll(tensor: tf.Tensor, value: number): Promise<void> {
  const values = await tensor.data()
  tensor.dispose()
  if (!values.every((each) => Math.abs(each - value) < 1e-3)) throw new Error('its arithmetic is wrong here')
}

/** @throws Error where the browser would emulate the GPU on the CPU. */
async function refuseSoftwareGpu(backend: BackendName): Promise<void> {
  if (backend === 'webgpu') {
    if (!('gpu' in navigator)) throw new Error('this browser does not offer it')
    const adapter: Adapter | null = await navigator.gpu.requestAdapter()
    if (adapter === null) throw new Error('no graphics adapter')
    if (softwareRenderers.test(`${adapter.info?.architecture} ${adapter.info?.description}`))
      throw new Error('only emulated in software here')
  }
  if (backend === 'webgl') {
    const gl = new OffscreenCanvas(1, 1).getContext('webgl2')
    if (gl === null) throw new Error('this browser does not offer it')
    const info = gl.getExtension('WEBGL_debug_renderer_info')
    const renderer = info === null ? '' : String(gl.getParameter(info.UNMASKED_RENDERER_WEBGL))
    if (softwareRenderers.test(renderer)) throw new Error('only emulated in software here')
  }
}

/** The field that the installed type declarations do not have yet. */
type Adapter = Partial<GPUAdapter> & { readonly info?: { readonly architecture: string; readonly description: string } }

const softwareRenderers = /swiftshader|llvmpipe|software|microsoft basic render/i

async function withTimeout<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('it did not answer in time')), probeTimeoutMs)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
