#include "tests/unit/syntax/syntax_testing.h"

namespace pt::syntax {
namespace {

class Table {
 public:
  explicit Table(std::string_view source) {
    ParseResult result = parse(arena_, source);
    mod_ = result.mod;
    table_ = build_symbol_table(arena_, mod_, &error_);
  }
  const Scope* top() const { return table_->top; }
  const SymbolTable* table() const { return table_; }
  const Mod* mod() const { return mod_; }
  NameScope scope(const Scope* scope, std::string_view name) { return scope->scope_of(arena_.intern(name)); }
  uint32_t flags(const Scope* scope, std::string_view name) {
    const Symbol* symbol = scope->find(arena_.intern(name));
    return symbol ? symbol->flags : 0;
  }

 private:
  Arena arena_;
  Mod* mod_;
  SyntaxErrorInfo error_;
  SymbolTable* table_;
};

TEST(SymbolTable, ModuleNamesAreLocalToIt) {
  Table t("a = b");
  EXPECT_EQ(t.scope(t.top(), "a"), NameScope::Local);
  EXPECT_EQ(t.scope(t.top(), "b"), NameScope::GlobalImplicit);
  EXPECT_EQ(t.flags(t.top(), "b"), uint32_t{kUse});
}

TEST(SymbolTable, ParametersInOrder) {
  Table t("def f(a, /, b, *c, d, **e): g = 1");
  const Scope* f = t.top()->children[0];
  std::string names;
  for (const Identifier* name : f->parameters) names += name->view();
  EXPECT_EQ(names, "abdce");
  EXPECT_TRUE(f->has_varargs);
  EXPECT_TRUE(f->has_varkeywords);
  EXPECT_EQ(t.scope(f, "g"), NameScope::Local);
}

TEST(SymbolTable, CellAndFree) {
  Table t("def f():\n  x = 1\n  def g(): return x");
  const Scope* f = t.top()->children[0];
  const Scope* g = f->children[0];
  EXPECT_EQ(t.scope(f, "x"), NameScope::Cell);
  EXPECT_EQ(t.scope(g, "x"), NameScope::Free);
  EXPECT_TRUE(g->has_free);
  EXPECT_TRUE(f->child_has_free);
  EXPECT_TRUE(g->is_nested);
  EXPECT_TRUE(g->returns_value);
}

TEST(SymbolTable, FreePassesThroughTheMiddle) {
  Table t("def f():\n  x = 1\n  def g():\n    def h(): x");
  const Scope* g = t.top()->children[0]->children[0];
  EXPECT_EQ(t.scope(g, "x"), NameScope::Free);
  EXPECT_EQ(t.scope(g->children[0], "x"), NameScope::Free);
}

TEST(SymbolTable, GlobalStatement) {
  Table t("def f():\n  global x\n  x = 1\n  def g(): x");
  const Scope* f = t.top()->children[0];
  EXPECT_EQ(t.scope(f, "x"), NameScope::GlobalExplicit);
  EXPECT_EQ(t.scope(f->children[0], "x"), NameScope::GlobalImplicit);
  EXPECT_EQ(t.scope(t.top(), "x"), NameScope::GlobalExplicit);
}

TEST(SymbolTable, NonlocalStatement) {
  Table t("def f():\n  x = 1\n  def g():\n    nonlocal x\n    x = 2");
  EXPECT_EQ(t.scope(t.top()->children[0], "x"), NameScope::Cell);
  EXPECT_EQ(t.scope(t.top()->children[0]->children[0], "x"), NameScope::Free);
}

TEST(SymbolTable, ClassNamesAreNotSeenByMethods) {
  Table t("class A:\n  x = 1\n  def f(self): return x");
  EXPECT_EQ(t.scope(t.top()->children[0], "x"), NameScope::Local);
  EXPECT_EQ(t.scope(t.top()->children[0]->children[0], "x"), NameScope::GlobalImplicit);
}

TEST(SymbolTable, SuperNeedsTheClassCell) {
  Table t("class A:\n  def f(self): super().f()\n  def g(self): pass");
  const Scope* a = t.top()->children[0];
  EXPECT_TRUE(a->needs_class_closure);
  EXPECT_EQ(t.scope(a->children[0], "__class__"), NameScope::Free);
  EXPECT_EQ(t.flags(a, "__class__"), 0u);
}

TEST(SymbolTable, FreeNameThatTheClassAlsoBinds) {
  Table t("def f():\n  x = 1\n  class A:\n    x = 2\n    def g(self): return x");
  const Scope* a = t.top()->children[0]->children[0];
  EXPECT_EQ(t.scope(a, "x"), NameScope::Local);
  EXPECT_TRUE(t.flags(a, "x") & kDefFreeClass);
}

TEST(SymbolTable, PrivateNamesAreMangled) {
  Table t("class _A:\n  def f(self, __x): return self.__y, __x, __z__");
  const Scope* f = t.top()->children[0]->children[0];
  EXPECT_EQ(t.scope(f, "_A__x"), NameScope::Local);
  EXPECT_EQ(t.scope(f, "__z__"), NameScope::GlobalImplicit);
  EXPECT_EQ(t.flags(f, "__x"), 0u);
}

TEST(SymbolTable, Mangling) {
  Arena arena;
  auto mangled = [&](const char* owner, const char* name) {
    return std::string(mangle(arena, owner ? arena.intern(owner) : nullptr, arena.intern(name))->view());
  };
  EXPECT_EQ(mangled("A", "__x"), "_A__x");
  EXPECT_EQ(mangled("__A", "__x"), "_A__x");
  EXPECT_EQ(mangled("__", "__x"), "__x");
  EXPECT_EQ(mangled("A", "__x__"), "__x__");
  EXPECT_EQ(mangled("A", "_x"), "_x");
  EXPECT_EQ(mangled("A", "__x.y"), "__x.y");
  EXPECT_EQ(mangled(nullptr, "__x"), "__x");
}

TEST(SymbolTable, ComprehensionScope) {
  Table t("def f(a): return [b for b in a if c]");
  const Scope* list = t.top()->children[0]->children[0];
  EXPECT_EQ(list->comprehension, ComprehensionKind::List);
  EXPECT_EQ(list->name->view(), "listcomp");
  EXPECT_EQ(list->parameters[0]->view(), ".0");
  EXPECT_TRUE(t.flags(list, "b") & kDefCompIter);
  EXPECT_EQ(t.scope(list, "a"), NameScope::GlobalImplicit);  // not mentioned: evaluated outside
}

TEST(SymbolTable, WalrusInComprehensionBindsOutside) {
  Table t("def f(a): return [b := c for c in a]");
  const Scope* f = t.top()->children[0];
  EXPECT_EQ(t.scope(f, "b"), NameScope::Cell);
  EXPECT_TRUE(t.flags(f, "b") & kDefWalrus);
  EXPECT_EQ(t.scope(f->children[0], "b"), NameScope::Free);
}

TEST(SymbolTable, GeneratorsAndCoroutines) {
  Table t(
      "def f(): yield\nasync def g(): await a\nasync def h(): return [a async for a in b]\nx = lambda: "
      "(yield)");
  EXPECT_TRUE(t.top()->children[0]->is_generator);
  EXPECT_FALSE(t.top()->children[0]->is_coroutine);
  EXPECT_TRUE(t.top()->children[1]->is_coroutine);
  EXPECT_TRUE(t.top()->children[2]->children[0]->is_coroutine);
  EXPECT_TRUE(t.top()->children[3]->is_generator);
}

TEST(SymbolTable, ScopeByNode) {
  Table t("class A:\n  def f(self): pass\nb = lambda: 0");
  auto* module = as<Module>(t.mod());
  const Scope* a = t.table()->scope_of(module->body[0]);
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a->name->view(), "A");
  EXPECT_EQ(t.table()->scope_of(module->body[1]), nullptr);
  EXPECT_EQ(t.table()->scope_of(as<Assign>(module->body[1])->value)->name->view(), "lambda");
  EXPECT_EQ(t.table()->scope_of(t.mod()), t.top());
}

TEST(SymbolTable, ImportsBindTheFirstName) {
  Table t("import a.b, c.d as e\nfrom f import g");
  EXPECT_TRUE(t.flags(t.top(), "a") & kDefImport);
  EXPECT_TRUE(t.flags(t.top(), "e") & kDefImport);
  EXPECT_TRUE(t.flags(t.top(), "g") & kDefImport);
  EXPECT_EQ(t.flags(t.top(), "c"), 0u);
}

TEST(SymbolTable, PatternsAndHandlersBind) {
  Table t("match a:\n case [b, *c] | {'k': d, **e} as f: pass\ntry: pass\nexcept X as g: pass");
  for (const char* name : {"b", "c", "d", "e", "f", "g"}) EXPECT_TRUE(t.flags(t.top(), name) & kDefLocal) << name;
}

TEST(SymbolTable, FutureAnnotationsAreNotScopes) {
  Table t("from __future__ import annotations\ndef f(a: b): pass\nx: c");
  EXPECT_TRUE(t.table()->future_annotations);
  EXPECT_EQ(t.top()->children.size, 1u);
  EXPECT_EQ(t.flags(t.top(), "b"), 0u);
  EXPECT_EQ(t.flags(t.top(), "c"), 0u);
}

TEST(SymbolTable, AnnotationWithoutValueIsLocal) {
  Table t("def f():\n  x: int\n  return x");
  EXPECT_EQ(t.scope(t.top()->children[0], "x"), NameScope::Local);
}

TEST(SymbolTable, Warnings) {
  auto warning = [](std::string_view source) {
    Table t(source);
    auto warnings = t.table()->warnings;
    return warnings.empty() ? "" : std::string(warnings[0].message.view());
  };
  EXPECT_EQ(warning("a is 1"), "\"is\" with a literal. Did you mean \"==\"?");
  EXPECT_EQ(warning("a is not 'x'"), "\"is not\" with a literal. Did you mean \"!=\"?");
  EXPECT_EQ(warning("a is None"), "");
  EXPECT_EQ(warning("() ()"), "'tuple' object is not callable; perhaps you missed a comma?");
  EXPECT_EQ(warning("'a' 'b' ('c')"), "'str' object is not callable; perhaps you missed a comma?");
  EXPECT_EQ(warning("{1} [2]"), "'set' object is not subscriptable; perhaps you missed a comma?");
  EXPECT_EQ(warning("[1][1, 2]"), "list indices must be integers or slices, not tuple; perhaps you missed a comma?");
  EXPECT_EQ(warning("[1][0]"), "");
  EXPECT_EQ(warning("assert (a, 'b')"), "assertion is always true, perhaps remove parentheses?");
}

}  // namespace
}  // namespace pt::syntax
