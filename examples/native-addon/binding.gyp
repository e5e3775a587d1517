{
  "targets": [
    {
      "target_name": "ledger",
      "sources": ["ledger.c"],
      "defines": ["NAPI_VERSION=8"],
      "cflags": ["-std=c11", "-Wall", "-Wextra"],
      "include_dirs": [
        "<!(node -p \"require('node:path').dirname(require.resolve('padata/package.json'))\")/native/include"
      ]
    }
  ]
}
