import '@tensorflow/tfjs-backend-webgpu'
