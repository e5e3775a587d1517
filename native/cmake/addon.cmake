# The development addon, padata.node. cmake-js says where the headers of Node-API are; without it they are taken from
# node_modules.
if(NOT CMAKE_JS_INC)
  set(modules "${CMAKE_CURRENT_SOURCE_DIR}/../node_modules")
  set(CMAKE_JS_INC "${modules}/node-api-headers/include" "${modules}/node-addon-api")
endif()

add_library(padata_addon MODULE ${padata_binding_files})
set_target_properties(padata_addon PROPERTIES PREFIX "" OUTPUT_NAME padata SUFFIX .node)
target_include_directories(padata_addon SYSTEM PRIVATE ${CMAKE_JS_INC})
target_compile_definitions(padata_addon PRIVATE ${padata_addon_defines})
target_link_options(padata_addon PRIVATE ${padata_link_flags})
target_link_libraries(padata_addon PRIVATE padata_functions padata_core)
