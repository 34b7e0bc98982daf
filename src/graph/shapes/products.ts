import { broadcast, expect, need, sameType } from './known.ts';
import type { ShapeTable } from './known.ts';

/** Matrix products and factorisations. */
export const productShapes: ShapeTable = {
  MatMul: ([a, b], { transpose_a: ta, transpose_b: tb }) => {
    const [x, y] = [need(a).shape, need(b).shape];
    expect(x.length === 2 && y.length === 2, 'both must be matrices');
    expect(x[ta ? 0 : 1] === y[tb ? 1 : 0], 'the inner dimensions differ');
    return [{ type: sameType(need(a), need(b)), shape: [need(x[ta ? 1 : 0]), need(y[tb ? 0 : 1])] }];
  },
  BatchMatMulV2: ([a, b], { adj_x: ax, adj_y: ay }) => {
    const [x, y] = [need(a).shape, need(b).shape];
    expect(x.at(ax ? -2 : -1) === y.at(ay ? -1 : -2), 'the inner dimensions differ');
    const batch = broadcast(x.slice(0, -2), y.slice(0, -2));
    const matrix = [need(x.at(ax ? -1 : -2)), need(y.at(ay ? -2 : -1))];
    return [{ type: sameType(need(a), need(b)), shape: [...batch, ...matrix] }];
  },
  Svd: ([x], { compute_uv: vectors }) => {
    const { shape, type } = need(x);
    expect(vectors === false, 'only singular values are known here, not vectors');
    expect(shape.length >= 2, 'it is not a matrix');
    const [rows, columns] = shape.slice(-2) as [number, number];
    const none = { type, shape: [] };
    return [{ type, shape: [...shape.slice(0, -2), Math.min(rows, columns)] }, none, none];
  },
};
