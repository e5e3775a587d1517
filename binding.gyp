# The published addon. `npm run prebuild` builds it; for development there is scripts/build-addon.mjs.
{
  'includes': ['native/sources.gypi'],
  'targets': [
    {
      'target_name': 'padata',
      'sources': ['<@(core_files)', '<@(functions_files)', '<@(binding_files)'],
      'include_dirs': [
        '<@(own_include_dirs)',
        '<!(node -p "require(\'node-api-headers\').include_dir")',
        '<!(node -p "require(\'node-addon-api\').include_dir")',
      ],
      'defines': ['<@(addon_defines)'],
      # Node's own flags for C++ are those of V8; ours come behind them.
      'cflags_cc!': ['-fno-exceptions', '-fno-rtti', '-std=gnu++17', '-std=gnu++20'],
      'cflags_cc': ['<@(compile_flags)', '<@(optimize_flags)'],
      'ldflags': ['<@(link_flags)', '<@(publish_link_flags)', '-Wl,--version-script=<(module_root_dir)/native/exports.map'],
      'libraries': ['<@(system_libraries)'],
    },
  ],
}
