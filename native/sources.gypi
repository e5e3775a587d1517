{
  "variables": {
    "about": "The only list of sources and flags. Strict JSON: binding.gyp includes it, CMakeLists.txt and scripts/build-addon.mjs read it. Paths are relative to this file; only names that end in _files or _dirs may hold paths, since gyp rewrites no others. Every .cc file of native/src is named here once, in alphabetical order.",
    "core_files": [
      "src/core/cpu_sources.cc",
      "src/core/cpu_uevents.cc",
      "src/core/cpu_watcher.cc",
      "src/core/cpumask.cc",
      "src/core/cpumask_text.cc",
      "src/core/environment.cc",
      "src/core/function.cc",
      "src/core/instance.cc",
      "src/core/job_queue.cc",
      "src/core/job_runner.cc",
      "src/core/memory.cc",
      "src/core/parallel_thread.cc",
      "src/core/pinned_thread.cc",
      "src/core/process_exit.cc",
      "src/core/roster.cc",
      "src/core/segment.cc",
      "src/core/serial_thread.cc",
      "src/core/shell.cc",
      "src/core/sync.cc"
    ],
    "functions_files": [
      "src/functions/aead.cc",
      "src/functions/aead_algorithm.cc",
      "src/functions/aead_cipher.cc",
      "src/functions/basic.cc",
      "src/functions/crc32.cc",
      "src/functions/crc32_fold.cc",
      "src/functions/esp_inbound.cc",
      "src/functions/esp_outbound.cc",
      "src/functions/esp_sequence.cc",
      "src/functions/ip_header.cc",
      "src/functions/keyed_contexts.cc",
      "src/functions/libcrypto.cc"
    ],
    "binding_files": [
      "src/binding/addon.cc",
      "src/binding/bridge.cc",
      "src/binding/bridge_handle.cc",
      "src/binding/buffers.cc",
      "src/binding/cpumask_exports.cc",
      "src/binding/esp_exports.cc",
      "src/binding/function_exports.cc",
      "src/binding/instance_handle.cc",
      "src/binding/shell_handle.cc"
    ],
    "own_include_dirs": ["include", "src"],
    "addon_defines": ["NAPI_VERSION=8", "NODE_GYP_MODULE_NAME=padata", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
    "compile_flags": [
      "-std=c++20",
      "-pthread",
      "-fPIC",
      "-fvisibility=hidden",
      "-fvisibility-inlines-hidden",
      "-ffunction-sections",
      "-fdata-sections",
      "-Wall",
      "-Wextra"
    ],
    "optimize_flags": ["-O3"],
    "link_flags": ["-pthread", "-Wl,-z,nodelete", "-Wl,-z,now", "-Wl,-z,relro"],
    "system_libraries": ["-ldl"],
    "publish_link_flags": ["-static-libstdc++", "-static-libgcc", "-Wl,--gc-sections"]
  }
}
