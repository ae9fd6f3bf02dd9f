#pragma once
namespace pt {
struct Dict;
// Puts the standard error handlers into the registry.
bool add_error_handlers(Dict* handlers);
}  // namespace pt
