/* eslint-disable no-restricted-exports -- the shape of a module that is not ours */
/** The generated protobuf classes that tfjs-node-gpu carries without types; only what `graph-def.ts` calls. */
declare module '@tensorflow/tfjs-node-gpu/dist/proto/api_pb.js' {
  namespace messages {
    class VersionDef {
      setProducer(value: number): void;
    }
    class TensorShape {
      setDimList(value: TensorShape.Dim[]): void;
    }
    namespace TensorShape {
      class Dim {
        setSize(value: number): void;
      }
    }
    class Tensor {
      setDtype(value: number): void;
      setTensorShape(value: TensorShape): void;
      setTensorContent(base64: string): void;
    }
    class AttrValue {
      setType(value: number): void;
      setI(value: number): void;
      setF(value: number): void;
      setB(value: boolean): void;
      setS(base64: string): void;
      setShape(value: TensorShape): void;
      setTensor(value: Tensor): void;
      setList(value: AttrValue.ListValue): void;
    }
    namespace AttrValue {
      class ListValue {
        setIList(value: number[]): void;
      }
    }
    class NodeDef {
      setName(value: string): void;
      setOp(value: string): void;
      setDevice(value: string): void;
      setInputList(value: string[]): void;
      getAttrMap(): { set(key: string, value: AttrValue): void };
    }
    class GraphDef {
      setVersions(value: VersionDef): void;
      addNode(value: NodeDef): void;
    }
    class MetaGraphDef {
      setMetaInfoDef(value: MetaGraphDef.MetaInfoDef): void;
      setGraphDef(value: GraphDef): void;
    }
    namespace MetaGraphDef {
      class MetaInfoDef {
        setTagsList(value: string[]): void;
      }
    }
    class SavedModel {
      setSavedModelSchemaVersion(value: number): void;
      setMetaGraphsList(value: MetaGraphDef[]): void;
      serializeBinary(): Uint8Array;
    }
  }
  export default messages;
}
